// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedAuthority} from "./FixedAuthority.sol";
import {IAssetRegistry} from "./interfaces/IAssetRegistry.sol";
import {ILicenses, TermsKind} from "./interfaces/ILicenses.sol";
import {Authorization, ISettlement, Permit} from "./interfaces/ISettlement.sol";
import {Orders} from "./Orders.sol";
import {Permits} from "./Permits.sol";

/// @title Licenses
/// @notice Sells the right to use a series of assets, at terms that stay as the buyer saw them.
/// @dev Trusts the registry for series, authors and freezes, and PAUSER to stop sales. It never holds currency: the
///      Settlement that deployed it takes the price. Always true: a license's terms never change but for `active`; its
///      expiry never moves closer; its epoch grows with every change of hands.
contract Licenses is ILicenses, ERC721, FixedAuthority, Pausable, ReentrancyGuardTransient {
    using Permits for Permit;

    uint64 private constant NEVER = type(uint64).max;
    uint16 private constant MOST_ROYALTY_BPS = 4000;

    struct Forks {
        bool allowed;
        uint16 royaltyBps;
    }

    IAssetRegistry public immutable override registry;
    ISettlement public immutable override settlement;
    IERC20 private immutable _currency;
    uint256 public override termsCount;
    uint256 public override licenseCount;
    mapping(uint256 termsId => Terms) private _terms;
    mapping(uint256 licenseId => License) private _licenses;
    mapping(uint256 termsId => Forks) private _forks;

    constructor(address authority, IAssetRegistry registry_, IERC20 currency)
        ERC721("Qanat License", "QLIC")
        FixedAuthority(authority)
    {
        registry = registry_;
        settlement = ISettlement(msg.sender);
        _currency = currency;
    }

    function offer(Offer calldata wanted) external override returns (uint256 termsId) {
        return _offer(wanted);
    }

    function offerForks(Offer calldata wanted, uint16 royaltyBps) external override returns (uint256 termsId) {
        if (wanted.duration != 0) revert ForksOutliveLicense(wanted.duration);
        if (royaltyBps > MOST_ROYALTY_BPS) revert RoyaltyTooHigh(royaltyBps, MOST_ROYALTY_BPS);
        _forks[termsCount + 1] = Forks(true, royaltyBps);
        emit ForksAllowed(termsCount + 1, royaltyBps);
        return _offer(wanted);
    }

    function _offer(Offer calldata wanted) private returns (uint256 termsId) {
        _requireSensible(wanted);
        (uint64 series,) = registry.statusOf(wanted.assetId);
        _requireAuthor(series);
        termsId = ++termsCount;
        Terms memory terms = Terms({
            price: wanted.price,
            maxCallPrice: wanted.maxCallPrice,
            assetId: uint64(wanted.assetId),
            series: series,
            duration: wanted.duration,
            maxSupply: wanted.maxSupply,
            sold: 0,
            kind: wanted.kind,
            transferable: wanted.transferable,
            active: true
        });
        _terms[termsId] = terms;
        emit TermsOffered(termsId, series, wanted.assetId, terms);
    }

    function setActive(uint256 termsId, bool active) external override {
        Terms storage terms = _requireTerms(termsId);
        _requireAuthor(terms.series);
        terms.active = active;
        emit TermsActivityChanged(termsId, active);
    }

    function buy(uint256 termsId, address to, address signer, uint128 maxPrice)
        public
        override
        nonReentrant
        returns (uint256 licenseId)
    {
        return _buy(msg.sender, termsId, to, signer, maxPrice);
    }

    function buyWithPermit(uint256 termsId, address to, address signer, uint128 maxPrice, Permit calldata permit)
        external
        override
        returns (uint256 licenseId)
    {
        permit.use(_currency, msg.sender, address(settlement));
        return buy(termsId, to, signer, maxPrice);
    }

    function buyAndOpen(uint256 termsId, address signer, uint128 maxPrice, uint128 deposit)
        public
        override
        nonReentrant
        returns (uint256 licenseId)
    {
        licenseId = _buy(msg.sender, termsId, msg.sender, signer, maxPrice);
        settlement.openFor(msg.sender, licenseId, deposit);
    }

    function buyAndOpenWithPermit(
        uint256 termsId,
        address signer,
        uint128 maxPrice,
        uint128 deposit,
        Permit calldata permit
    ) external override returns (uint256 licenseId) {
        permit.use(_currency, msg.sender, address(settlement));
        return buyAndOpen(termsId, signer, maxPrice, deposit);
    }

    function buyWithAuthorization(
        uint256 termsId,
        address holder,
        address signer,
        uint128 deposit,
        Authorization calldata authorization
    ) external override nonReentrant returns (uint256 licenseId) {
        uint128 price = _requireTerms(termsId).price;
        bytes32 nonce = Orders.buy(termsId, holder, signer, deposit, authorization.salt);
        settlement.receiveFor(holder, uint256(price) + deposit, nonce, authorization);
        licenseId = _buy(holder, termsId, holder, signer, price);
        if (deposit > 0) settlement.openFor(holder, licenseId, deposit);
    }

    function renew(uint256 licenseId) public override nonReentrant returns (uint64 newExpiresAt) {
        return _renew(msg.sender, licenseId);
    }

    function renewWithAuthorization(uint256 licenseId, address payer, Authorization calldata authorization)
        external
        override
        nonReentrant
        returns (uint64 newExpiresAt)
    {
        _requireOwned(licenseId);
        License storage license = _licenses[licenseId];
        bytes32 nonce = Orders.renew(licenseId, license.expiresAt, authorization.salt);
        settlement.receiveFor(payer, _terms[license.termsId].price, nonce, authorization);
        return _renew(payer, licenseId);
    }

    function _renew(address payer, uint256 licenseId) private whenNotPaused returns (uint64 newExpiresAt) {
        _requireOwned(licenseId);
        License storage license = _licenses[licenseId];
        Terms storage terms = _terms[license.termsId];
        if (!terms.active) revert NotForSale(license.termsId);
        if (terms.duration == 0) revert NotRenewable(licenseId);
        _requireNotFrozen(terms.assetId);

        uint64 from = license.expiresAt > block.timestamp ? license.expiresAt : uint64(block.timestamp);
        newExpiresAt = from + terms.duration;
        license.expiresAt = newExpiresAt;
        emit LicenseRenewed(licenseId, payer, newExpiresAt, terms.price);
        _pay(payer, terms);
    }

    function renewWithPermit(uint256 licenseId, Permit calldata permit)
        external
        override
        returns (uint64 newExpiresAt)
    {
        permit.use(_currency, msg.sender, address(settlement));
        return renew(licenseId);
    }

    function setSigner(uint256 licenseId, address signer) external override {
        address holder = _requireOwned(licenseId);
        if (msg.sender != holder) revert NotHolder(licenseId, holder, msg.sender);
        License storage license = _licenses[licenseId];
        address previous = license.voucherSigner;
        license.voucherSigner = signer;
        emit VoucherSignerChanged(licenseId, license.epoch, previous, signer);
        settlement.changeSigner(licenseId, license.epoch, signer);
    }

    function pause() external override restricted {
        _pause();
    }

    function unpause() external override restricted {
        _unpause();
    }

    function isValid(uint256 licenseId, address user, uint256 assetId) public view override returns (bool) {
        if (user == address(0) || _ownerOf(licenseId) != user) return false;
        License storage license = _licenses[licenseId];
        if (block.timestamp >= license.expiresAt) return false;
        (uint64 series, bool frozen) = registry.statusOf(assetId);
        return series == _terms[license.termsId].series && !frozen;
    }

    function forkRight(uint256 licenseId, address holder, uint256 parentId)
        external
        view
        override
        returns (bool allowed, uint16 royaltyBps)
    {
        Forks storage forks = _forks[_licenses[licenseId].termsId];
        allowed = forks.allowed && isValid(licenseId, holder, parentId);
        if (allowed) royaltyBps = forks.royaltyBps;
    }

    function forkTerms(uint256 termsId) external view override returns (bool allowed, uint16 royaltyBps) {
        _requireTerms(termsId);
        return (_forks[termsId].allowed, _forks[termsId].royaltyBps);
    }

    function buyNonce(uint256 termsId, address holder, address signer, uint128 deposit, bytes32 salt)
        external
        pure
        override
        returns (bytes32)
    {
        return Orders.buy(termsId, holder, signer, deposit, salt);
    }

    function renewNonce(uint256 licenseId, uint64 expires, bytes32 salt) external pure override returns (bytes32) {
        return Orders.renew(licenseId, expires, salt);
    }

    function getLicense(uint256 licenseId) external view override returns (License memory) {
        _requireOwned(licenseId);
        return _licenses[licenseId];
    }

    function getTerms(uint256 termsId) external view override returns (Terms memory) {
        return _requireTerms(termsId);
    }

    function licenseTerms(uint256 licenseId) external view override returns (Terms memory) {
        _requireOwned(licenseId);
        return _terms[_licenses[licenseId].termsId];
    }

    function expiresAt(uint256 licenseId) external view override returns (uint64) {
        _requireOwned(licenseId);
        return _licenses[licenseId].expiresAt;
    }

    function isRenewable(uint256 licenseId) external view override returns (bool) {
        _requireOwned(licenseId);
        Terms storage terms = _terms[_licenses[licenseId].termsId];
        (, bool frozen) = registry.statusOf(terms.assetId);
        return terms.active && terms.duration > 0 && !frozen && !paused();
    }

    function _buy(address payer, uint256 termsId, address to, address signer, uint128 maxPrice)
        private
        whenNotPaused
        returns (uint256 licenseId)
    {
        Terms storage terms = _requireTerms(termsId);
        if (!terms.active) revert NotForSale(termsId);
        if (terms.price > maxPrice) revert PriceAboveLimit(terms.price, maxPrice);
        if (terms.sold == terms.maxSupply) revert SoldOut(termsId, terms.maxSupply);
        // A holder who opens a channel later would let a signer of the giver's choice spend from it.
        if (to != payer && signer != address(0)) revert SignerOfAnother(to, payer);
        _requireNotFrozen(terms.assetId);

        terms.sold++;
        licenseId = ++licenseCount;
        uint64 end = terms.duration == 0 ? NEVER : uint64(block.timestamp) + terms.duration;
        _licenses[licenseId] = License({termsId: uint64(termsId), expiresAt: end, epoch: 0, voucherSigner: signer});
        // Not `_safeMint`: nobody is called back while money is on its way.
        _mint(to, licenseId);
        emit LicenseBought(licenseId, termsId, to, payer, end, signer, terms.price);
        _pay(payer, terms);
    }

    function _pay(address payer, Terms storage terms) private {
        if (terms.price > 0) settlement.recordSale(payer, terms.assetId, terms.price);
    }

    /// @dev A change of hands begins an epoch: what the previous holder signed or approved is void for the next one.
    function _update(address to, uint256 licenseId, address auth) internal override returns (address from) {
        from = super._update(to, licenseId, auth);
        if (from == address(0) || from == to) return from;
        License storage license = _licenses[licenseId];
        if (!_terms[license.termsId].transferable) revert NotTransferable(licenseId);
        license.voucherSigner = address(0);
        emit EpochBegun(licenseId, ++license.epoch, to);
    }

    function _requireTerms(uint256 termsId) private view returns (Terms storage terms) {
        if (termsId == 0 || termsId > termsCount) revert UnknownTerms(termsId);
        return _terms[termsId];
    }

    function _requireAuthor(uint256 series) private view {
        address author = registry.authorOf(series);
        if (msg.sender != author) revert NotAuthor(series, author, msg.sender);
    }

    function _requireNotFrozen(uint256 assetId) private view {
        (, bool frozen) = registry.statusOf(assetId);
        if (frozen) revert AssetIsFrozen(assetId);
    }

    function _requireSensible(Offer calldata wanted) private pure {
        bool sensible = wanted.maxSupply > 0 && (wanted.kind == TermsKind.METERED) == (wanted.maxCallPrice > 0);
        if (wanted.kind == TermsKind.TIME) sensible = sensible && wanted.duration > 0;
        if (wanted.kind == TermsKind.FULL) sensible = sensible && wanted.duration == 0;
        if (!sensible) {
            revert TermsNotSensible(wanted.kind, wanted.duration, wanted.maxCallPrice, wanted.maxSupply);
        }
    }
}
