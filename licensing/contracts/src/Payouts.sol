// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAssetRegistry} from "./interfaces/IAssetRegistry.sol";
import {IReceipts} from "./interfaces/IReceipts.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";

/// @title The half of Settlement that pays out
/// @notice Keeps what each asset has earned as one growing sum, and pays receipts and the fee from it.
/// @dev Fee and shares are rounded down on the whole sum, never on a single charge, so that nobody gains by splitting.
///      Always true: what was paid for an asset never exceeds its gross.
abstract contract Payouts is ISettlement, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 internal constant ALL_BPS = 10_000;
    uint256 private constant FEE_BPS = 250;

    IERC20 public immutable override currency;
    IAssetRegistry public immutable override registry;
    IReceipts private immutable _receipts;
    address public override treasury;
    mapping(uint256 assetId => uint256) public override grossOf;
    mapping(uint256 assetId => uint256) public override paidFeeOf;
    mapping(uint256 receiptId => uint256) public override paidOf;

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
        return grossOf[assetId] * FEE_BPS / ALL_BPS;
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

    function _earned(uint256 receiptId) private view returns (uint256 earned, address payout) {
        IReceipts.Receipt memory receipt = _receipts.getReceipt(receiptId);
        uint256 assetId = receiptId >> 64;
        uint256 net = grossOf[assetId] - feeOf(assetId);
        return (net * receipt.shareBps / ALL_BPS, receipt.payout);
    }

    function _credit(uint256 assetId, uint256 amount) internal returns (uint256 gross) {
        gross = grossOf[assetId] + amount;
        if (amount > 0) grossOf[assetId] = gross;
    }

    /// @dev Every unit that enters passes here, so that a currency which keeps some of it is refused at once.
    function _pull(address from, uint256 amount) internal {
        uint256 before = currency.balanceOf(address(this));
        currency.safeTransferFrom(from, address(this), amount);
        uint256 received = currency.balanceOf(address(this)) - before;
        if (received != amount) revert CurrencyShort(amount, received);
    }

    function _setTreasury(address treasury_) private {
        if (treasury_ == address(0)) revert NoTreasury();
        emit TreasuryChanged(treasury, treasury_);
        treasury = treasury_;
    }
}
