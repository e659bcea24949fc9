// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedAuthority} from "./FixedAuthority.sol";
import {IAssetRegistry} from "./interfaces/IAssetRegistry.sol";
import {IERC3009} from "./interfaces/IERC3009.sol";
import {IReceipts} from "./interfaces/IReceipts.sol";
import {Authorization, ISettlement} from "./interfaces/ISettlement.sol";

/// @title The half of Settlement that pays out
/// @notice Keeps what each asset has earned as one growing sum, and pays receipts, ancestors and the fee from it.
/// @dev Fee, royalties and shares are rounded down on the whole sum, never on a single charge, so that nobody gains by
///      splitting. A fork's receipts give up the rounded sum of all royalties, each ancestor takes its own part rounded:
///      so neither side's sum ever shrinks as the fork earns. What an ancestor was given is charged no fee and owed to
///      nobody further. Always true: what was paid for an asset never exceeds its gross and the royalties given to it.
abstract contract Payouts is ISettlement, FixedAuthority, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 internal constant ALL_BPS = 10_000;
    uint256 private constant FEE_BPS = 250;

    IERC20 public immutable override currency;
    IAssetRegistry public immutable override registry;
    IReceipts private immutable _receipts;
    address public override treasury;

    /// @dev What an asset has earned, beside a copy of what the registry will say of it for ever: one slot, so that a
    ///      charge reads and writes it at the price of one. Empty until the asset first earns.
    struct Account {
        uint128 gross;
        uint64 series;
        uint16 poolBps;
        uint16 royaltyBps;
    }

    mapping(uint256 assetId => Account) internal _accounts;
    mapping(uint256 assetId => uint256) public override royaltyInOf;
    mapping(uint256 assetId => mapping(uint256 ancestorId => uint256)) public override pulledOf;
    mapping(uint256 assetId => uint256) public override paidFeeOf;
    mapping(uint256 receiptId => uint256) public override paidOf;
    /// Within one call: what an authorization has brought in and its order has not used yet.
    uint256 private transient _prepaid;

    constructor(IERC20 currency_, IAssetRegistry registry_, address treasury_) {
        currency = currency_;
        registry = registry_;
        _receipts = registry_.receipts();
        _setTreasury(treasury_);
    }

    function claim(uint256[] calldata receiptIds) external override nonReentrant returns (uint256 amount) {
        for (uint256 i = 0; i < receiptIds.length; i++) {
            amount += _claim(receiptIds[i]);
        }
    }

    function pullRoyalties(uint256[] calldata assetIds) external override nonReentrant returns (uint256 amount) {
        for (uint256 i = 0; i < assetIds.length; i++) {
            amount += _pullRoyalties(assetIds[i]);
        }
    }

    function claimFee(uint256[] calldata assetIds) external override nonReentrant returns (uint256 amount) {
        address to = treasury;
        for (uint256 i = 0; i < assetIds.length; i++) {
            uint256 fee = feeOf(assetIds[i]);
            uint256 due = fee - paidFeeOf[assetIds[i]];
            if (due == 0) continue;
            paidFeeOf[assetIds[i]] = fee;
            amount += due;
            emit FeeClaimed(assetIds[i], to, due, fee);
        }
        if (amount > 0) currency.safeTransfer(to, amount);
    }

    function setTreasury(address treasury_) external override restricted {
        _setTreasury(treasury_);
    }

    function feeOf(uint256 assetId) public view override returns (uint256) {
        return grossOf(assetId) * FEE_BPS / ALL_BPS;
    }

    function grossOf(uint256 assetId) public view override returns (uint256) {
        return _accounts[assetId].gross;
    }

    function royaltyDue(uint256 assetId, uint256 ancestorId) external view override returns (uint256) {
        IAssetRegistry.Ancestor[] memory ancestors = registry.ancestorsOf(assetId);
        for (uint256 i = 0; i < ancestors.length; i++) {
            if (ancestors[i].assetId != ancestorId) continue;
            return _net(assetId) * ancestors[i].royaltyBps / ALL_BPS - pulledOf[assetId][ancestorId];
        }
        return 0;
    }

    function earnedOf(uint256 receiptId) public view override returns (uint256 earned) {
        (earned,) = _earned(receiptId);
    }

    function claimable(uint256 receiptId) external view override returns (uint256) {
        return earnedOf(receiptId) - paidOf[receiptId];
    }

    function _claim(uint256 receiptId) private returns (uint256 due) {
        (uint256 earned, address payout) = _earned(receiptId);
        due = earned - paidOf[receiptId];
        if (due == 0) return 0;
        paidOf[receiptId] = earned;
        emit Claimed(receiptId, payout, due, earned);
        currency.safeTransfer(payout, due);
    }

    function _pullRoyalties(uint256 assetId) private returns (uint256 amount) {
        uint256 net = _net(assetId);
        if (net == 0) return 0;
        IAssetRegistry.Ancestor[] memory ancestors = registry.ancestorsOf(assetId);
        for (uint256 i = 0; i < ancestors.length; i++) {
            uint256 ancestorId = ancestors[i].assetId;
            uint256 share = net * ancestors[i].royaltyBps / ALL_BPS;
            uint256 due = share - pulledOf[assetId][ancestorId];
            if (due == 0) continue;
            pulledOf[assetId][ancestorId] = share;
            royaltyInOf[ancestorId] += due;
            amount += due;
            emit RoyaltyPulled(assetId, ancestorId, due, share);
        }
    }

    function _earned(uint256 receiptId) private view returns (uint256 earned, address payout) {
        IReceipts.Receipt memory receipt = _receipts.getReceipt(receiptId);
        uint256 assetId = receiptId >> 64;
        uint256 net = _net(assetId);
        net -= net * _accounts[assetId].royaltyBps / ALL_BPS;
        return ((net + royaltyInOf[assetId]) * receipt.shareBps / ALL_BPS, receipt.payout);
    }

    function _net(uint256 assetId) private view returns (uint256) {
        return grossOf(assetId) - feeOf(assetId);
    }

    /// @dev Fills the account in at the first use. Reverts where there is no such asset.
    function _account(uint256 assetId) internal returns (Account storage account) {
        account = _accounts[assetId];
        if (account.series == 0) {
            (account.series, account.poolBps, account.royaltyBps) = registry.splitOf(assetId);
        }
    }

    function _credit(uint256 assetId, uint256 amount) internal returns (uint256 gross) {
        Account storage account = _account(assetId);
        gross = account.gross + amount;
        if (amount > 0) account.gross = SafeCast.toUint128(gross);
    }

    /// @dev Every unit that enters passes here or `_receive`, so that a currency which keeps some of it is refused at once.
    function _pull(address from, uint256 amount) internal {
        if (_prepaid > 0) {
            _prepaid -= amount;
            return;
        }
        uint256 before = currency.balanceOf(address(this));
        currency.safeTransferFrom(from, address(this), amount);
        _requireReceived(amount, before);
    }

    /// @dev The order that follows in the same call uses all of it: `_pull` takes from here first.
    function _receive(address payer, uint256 amount, bytes32 nonce, Authorization calldata authorization) internal {
        uint256 before = currency.balanceOf(address(this));
        IERC3009(address(currency))
            .receiveWithAuthorization(
                payer,
                address(this),
                amount,
                authorization.validAfter,
                authorization.validBefore,
                nonce,
                authorization.v,
                authorization.r,
                authorization.s
            );
        _requireReceived(amount, before);
        _prepaid = amount;
    }

    function _requireReceived(uint256 amount, uint256 before) private view {
        uint256 received = currency.balanceOf(address(this)) - before;
        if (received != amount) revert CurrencyShort(amount, received);
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert NoTreasury();
        emit TreasuryChanged(treasury, treasury_);
        treasury = treasury_;
    }
}
